import { fmt } from "./format.js";

export function shop(price) {
  return "shop: " + fmt(price);
}
