import { createElement, render } from "preact";
import { App } from "./app.tsx";

/** The dashboard: a program of its own for the browser, which knows the kernel by its HTTP API alone. */
const root = document.getElementById("app");
if (root !== null) render(createElement(App, null), root);
