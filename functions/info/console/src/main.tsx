/** Where the console begins. */
import { render } from "preact";
import { App } from "./app";
import { tellFailure } from "./parts/notices";
import { resume, who } from "./session";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/layout.css";
import "./styles/files.css";

const root = document.getElementById("console");
if (root) render(<App />, root);

resume().catch((error) => {
  // Whoever is logged on is found out at the log-on.
  who.value = null;
  tellFailure("", error);
});
