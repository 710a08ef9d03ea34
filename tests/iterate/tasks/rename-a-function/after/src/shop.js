import { formatPrice } from "./format.js";

export function shop(price) {
  return "shop: " + formatPrice(price);
}
