import { formatPrice } from "./format.js";

export function post(price) {
  return "post: " + formatPrice(price);
}
