import { fmt } from "./format.js";

export function till(price) {
  return "till: " + fmt(price);
}
