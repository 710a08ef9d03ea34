import { formatPrice } from "./format.js";

export function stock(price) {
  return "stock: " + formatPrice(price);
}
