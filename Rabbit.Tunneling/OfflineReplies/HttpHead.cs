using System.Buffers;
using System.Globalization;
using System.Text;

namespace Rabbit.Tunneling.OfflineReplies;

/// <summary>What of a request's head decides how it is answered (RFC 9112 sections 2 to 5, RFC 9110 section 12.5.1).</summary>
/// <param name="IsWhole">False while more of it may come.</param>
/// <param name="WantsHtml">True when it asks for HTML by name, as browsers do; <c>*/*</c> does not.</param>
internal readonly record struct HttpHead(bool IsWhole, bool WantsHtml)
{
    /// <summary>Bytes of a head that are looked at; what is behind them is of no interest.</summary>
    public const int MaxLength = 8 * 1024;

    /// <summary>Looks at all that has arrived so far; whatever it is, it is told something.</summary>
    public static HttpHead Read(in ReadOnlySequence<byte> soFar)
    {
        var reader = new SequenceReader<byte>(soFar.Slice(0, Math.Min(soFar.Length, MaxLength)));
        bool isFirst = true, wantsHtml = false;
        while (reader.TryReadTo(out ReadOnlySequence<byte> line, (byte)'\n'))
        {
            string text = Encoding.Latin1.GetString(line).TrimEnd('\r');
            // Without a version no more comes (HTTP/0.9); behind an empty line comes the body.
            if (isFirst ? !text.Contains(" HTTP/", StringComparison.Ordinal) : text.Length == 0)
                return new HttpHead(IsWhole: true, wantsHtml);
            isFirst = false;
            if (text.StartsWith("accept:", StringComparison.OrdinalIgnoreCase))
                wantsHtml |= text["accept:".Length..].Split(',').Any(IsHtml);
        }
        return new HttpHead(soFar.Length >= MaxLength, wantsHtml);
    }

    private static bool IsHtml(string mediaRange)
    {
        string[] parts = mediaRange.Split(';', StringSplitOptions.TrimEntries);
        if (!parts[0].Equals("text/html", StringComparison.OrdinalIgnoreCase) && !parts[0].Equals("application/xhtml+xml", StringComparison.OrdinalIgnoreCase))
            return false;
        // A weight of 0 means that it is not acceptable.
        string? weight = parts.Skip(1).FirstOrDefault(part => part.StartsWith("q=", StringComparison.OrdinalIgnoreCase));
        return weight is null || !double.TryParse(weight[2..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double quality) || quality > 0;
    }
}
