#!/usr/bin/env node
// Rendered for each release; an edit here is lost.
"use strict";
require("../start.js")("iterate");
