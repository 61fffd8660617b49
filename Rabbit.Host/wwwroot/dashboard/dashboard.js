// What the dashboard needs of the browser itself. Loaded after blazor.web.js, which it starts.
(() => {
  const themeKey = "rabbit-theme";

  window.rabbit = {
    // What somebody has chosen here, or what the system has.
    isDark: () => (localStorage.getItem(themeKey) ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark",
    writeTheme: (theme) => localStorage.setItem(themeKey, theme),

    // Pages without TLS on another machine may not use the clipboard: the text is selected for the keyboard then.
    copy: async (id) => {
      const field = document.getElementById(id);
      field.focus();
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
        return true;
      } catch {
        return false;
      }
    },
  };

  if (!document.getElementById("starting")) return;

  // The focus stays in an open dialog, also when keys are faster than the server, which leads it back otherwise.
  document.addEventListener("focusin", ({ target }) => {
    const dialog = [...document.querySelectorAll(".mud-dialog-container")].at(-1);
    if (dialog && target.closest(".skip, .mud-layout")) dialog.querySelector("input, button")?.focus();
  });

  // When the server is away, the page asks again and again, and is loaded anew as soon as a server answers: after a restart
  // nothing is left of this page there. Sooner at first, so that a restart is hardly seen.
  const dialog = document.getElementById("components-reconnect-modal");
  let isAway = false;

  const answers = async () => {
    try {
      return (await fetch("/api/v1/health/live", { cache: "no-store" })).ok;
    } catch {
      return false;
    }
  };

  const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  async function comeBack() {
    while (isAway) {
      if (await answers()) {
        // The same server takes the page up again; another refuses, and the page is loaded anew.
        if (await Blazor.reconnect().catch(() => false)) break;
        location.reload();
        return;
      }
      await wait(document.hidden ? 3000 : 500);
    }
    show(false);
  }

  function show(away) {
    isAway = away;
    if (away && !dialog.open) dialog.showModal();
    if (!away && dialog.open) dialog.close();
  }

  document.getElementById("reconnect-now").addEventListener("click", () => location.reload());

  Blazor.start({
    circuit: {
      reconnectionHandler: {
        onConnectionDown: () => {
          show(true);
          comeBack();
        },
        onConnectionUp: () => show(false),
      },
    },
  });
})();
