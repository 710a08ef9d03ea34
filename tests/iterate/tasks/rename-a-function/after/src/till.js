import { formatPrice } from "./format.js";

export function till(price) {
  return "till: " + formatPrice(price);
}
