using System.Globalization;
using System.Text;

namespace Rabbit.Tunneling.OfflineReplies;

/// <summary>A response to any HTTP request (RFC 9110 sections 15.6.3 to 15.6.5 and 10.2.3, RFC 9112 section 9.6).</summary>
internal static class HttpReply
{
    /// <param name="context">What to tell.</param>
    /// <param name="withBody">False for the answer to HEAD: the same header, Content-Length included (RFC 9110 section 8.6).</param>
    /// <param name="asHtml">As a page, or else as plain text.</param>
    public static byte[] Create(in OfflineContext context, bool withBody, bool asHtml)
    {
        string status = context.Reason switch
        {
            OfflineReason.LocalServiceRefused or OfflineReason.LocalServiceUnreachable => "502 Bad Gateway",
            OfflineReason.LocalServiceTimedOut => "504 Gateway Timeout",
            _ => "503 Service Unavailable",
        };
        byte[] body = Encoding.UTF8.GetBytes(
            asHtml ? HtmlPage.Create(status, context.What, context.Remedy) : $"{context.What}\n{context.Remedy}\n");
        string header = string.Create(CultureInfo.InvariantCulture, $"""
            HTTP/1.1 {status}
            Content-Type: {(asHtml ? "text/html" : "text/plain")}; charset=utf-8
            Content-Length: {body.Length}
            Retry-After: 5
            Connection: close
            Cache-Control: no-store

            """).ReplaceLineEndings("\r\n");
        if (asHtml)
            header += $"Content-Security-Policy: {HtmlPage.Policy}\r\n";
        byte[] head = Encoding.ASCII.GetBytes(header + "\r\n");
        return withBody ? [.. head, .. body] : head;
    }
}
