import { fmt } from "./format.js";

export function stock(price) {
  return "stock: " + fmt(price);
}
