import { formatPrice } from "./format.js";

export function mail(price) {
  return "mail: " + formatPrice(price);
}
