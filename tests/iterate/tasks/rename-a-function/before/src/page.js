import { fmt } from "./format.js";

export function page(price) {
  return "page: " + fmt(price);
}
