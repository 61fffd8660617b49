using System.Globalization;
using System.Text;
using Rabbit.Faults.History;

namespace Rabbit.Faults.Load;

/// <summary>What a visitor asks the service for; an HTTP request by its looks, so that the server's own answers are HTTP too.</summary>
/// <param name="Kind">The conversation.</param>
/// <param name="Visitor">The visitor's number.</param>
/// <param name="Bytes">Bytes of content, in each direction of a stream.</param>
/// <param name="Pace">Time between two chunks of a stream, in milliseconds.</param>
internal sealed record VisitRequest(VisitKind Kind, int Visitor, long Bytes, int Pace)
{
    public const string AnswerStart = "HTTP/1.1 200";

    public byte[] Encode() => Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"GET /{Kind}/{Visitor}/{Bytes}/{Pace} HTTP/1.1\r\nHost: tunnel\r\n\r\n"));

    /// <summary>What the service says before the content: it names the service, so that a visitor of another tunnel would notice.</summary>
    public byte[] Answer(int service) => Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"{AnswerStart} OK\r\nX-Service: {service}\r\nX-Visitor: {Visitor}\r\nContent-Length: {Bytes}\r\n\r\n"));

    /// <summary>Reads what <see cref="Encode"/> has made; null for anything else.</summary>
    public static VisitRequest? Parse(string text) =>
        text.Split(' ') is ["GET", var path, ..] && path.Split('/') is ["", var kind, var visitor, var bytes, var pace]
        && Enum.TryParse(kind, out VisitKind parsed) && int.TryParse(visitor, CultureInfo.InvariantCulture, out int number)
        && long.TryParse(bytes, CultureInfo.InvariantCulture, out long count) && int.TryParse(pace, CultureInfo.InvariantCulture, out int milliseconds)
            ? new VisitRequest(parsed, number, count, milliseconds)
            : null;
}
