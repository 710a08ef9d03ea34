import { fmt } from "./format.js";

export function tax(price) {
  return "tax: " + fmt(price);
}
