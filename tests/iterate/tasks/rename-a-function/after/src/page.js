import { formatPrice } from "./format.js";

export function page(price) {
  return "page: " + formatPrice(price);
}
