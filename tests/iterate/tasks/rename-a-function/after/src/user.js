import { formatPrice } from "./format.js";

export function user(price) {
  return "user: " + formatPrice(price);
}
