import { fmt } from "./format.js";

export function cart(price) {
  return "cart: " + fmt(price);
}
