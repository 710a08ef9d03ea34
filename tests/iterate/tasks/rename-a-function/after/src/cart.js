import { formatPrice } from "./format.js";

export function cart(price) {
  return "cart: " + formatPrice(price);
}
