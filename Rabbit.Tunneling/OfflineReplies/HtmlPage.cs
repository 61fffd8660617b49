using System.Net;

namespace Rabbit.Tunneling.OfflineReplies;

/// <summary>The page that a browser shows: of itself, without scripts, and in the colours that its user prefers.</summary>
internal static class HtmlPage
{
    /// <summary>What the page may do: nothing but be styled by its own style sheet (Content Security Policy Level 3).</summary>
    public const string Policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

    /// <param name="status">Its title.</param>
    /// <param name="what">What is wrong.</param>
    /// <param name="remedy">What to do about it.</param>
    public static string Create(string status, string what, string remedy) => $$"""
        <!DOCTYPE html>
        <html>
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{{WebUtility.HtmlEncode(status)}}</title>
        <style>
        :root { color-scheme: light dark }
        body { max-width: 36rem; margin: 20vh auto 0; padding: 0 1.5rem; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
        h1 { font-size: 1.25rem; font-weight: 600 }
        p { opacity: .75 }
        </style>
        </head>
        <body>
        <h1>{{WebUtility.HtmlEncode(what)}}</h1>
        <p>{{WebUtility.HtmlEncode(remedy)}}</p>
        </body>
        </html>

        """.ReplaceLineEndings("\n");
}
