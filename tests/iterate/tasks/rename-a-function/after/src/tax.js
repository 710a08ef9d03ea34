import { formatPrice } from "./format.js";

export function tax(price) {
  return "tax: " + formatPrice(price);
}
