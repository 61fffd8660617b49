using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Rabbit.Protocol;
using Rabbit.Protocol.Credentials;
using Rabbit.Protocol.Legacy;

namespace Rabbit.Fuzz.Targets;

/// <summary>The legacy protocol's lines, and the texts in them: tokens, channel ids; connection strings and fingerprints, which people paste.</summary>
internal static class Lines
{
    // More than any peer may say, and few enough that an input of empty lines does not seem to need much memory.
    private const int MostLines = 64;

    public static void Run(byte[] input)
    {
        string? whole = null;
        foreach (ReadOnlySequence<byte> cut in Cuts.Of(input))
        {
            string read = ReadAll(cut);
            whole ??= read;
            BrokenException.Unless(read == whole, "The segmentation changes what is read.");
        }
        foreach (string line in whole!.Split('\n'))
            ReadTexts(line);
        ReadTexts(Encoding.UTF8.GetString(input));
    }

    private static string ReadAll(ReadOnlySequence<byte> bytes)
    {
        PipeReader input = PipeReader.Create(bytes);
        var read = new StringBuilder();
        try
        {
            // Everything is there: no read waits.
            for (int lines = 0; lines < MostLines && input.ReadLineAsync(ProtocolLimits.LegacyLine).AsTask().GetAwaiter().GetResult() is { } line; lines++)
            {
                BrokenException.Unless(line.Length <= ProtocolLimits.LegacyLine && line.All(c => c is >= ' ' and <= '~'), "A line holds what it may not.");
                read.Append(line).Append('\n');
            }
        }
        catch (ProtocolException e)
        {
            read.Append(e.Message);
        }
        return read.ToString();
    }

    private static void ReadTexts(string text)
    {
        if (LegacyMessages.TryParseData(text, out Guid id))
            BrokenException.Unless(text == $"DATA:{id:N}" || string.Equals(text, $"DATA:{id:N}", StringComparison.OrdinalIgnoreCase), "An id reads back as another.");
        if (TokenText.TryParse(text, out TokenText token))
        {
            BrokenException.Unless(token.Reveal() == text, "A token reads back as another.");
            BrokenException.Unless(!token.ToString().Contains(token.Secret, StringComparison.Ordinal), "A token shows its secret.");
        }
        byte[] error = LegacyMessages.Error(text);
        BrokenException.Unless(error.Count(b => b == '\n') == 1 && error[^1] == '\n' && error.Length <= LegacyMessages.ErrorLength + 7, "An error is not one short line.");
        ReadUri(text);
    }

    private static void ReadUri(string text)
    {
        ConnectionUri uri;
        try
        {
            uri = ConnectionUri.Parse(text);
        }
        catch (FormatException)
        {
            return;
        }
        BrokenException.Unless(uri.Port is >= 0 and <= 65535 && uri.Host.Length > 0, "A connection string has no host or port.");
        BrokenException.Unless(uri.Token.Length == 0 || !uri.ToString().Contains(uri.Token, StringComparison.Ordinal) || uri.Host.Contains(uri.Token, StringComparison.OrdinalIgnoreCase) || "rabbit://…@:0123456789".Contains(uri.Token, StringComparison.Ordinal), "A connection string shows its token.");
    }
}
