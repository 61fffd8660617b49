using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Rabbit.Protocol.Credentials;

/// <summary>
/// A token that rabbit.go made: 64 lower-case hexadecimal digits, 256 random bits, all of which are secret. It carries no id, so its id
/// is made of a hash of it: the server finds it as any other, and the id tells nothing of it, since nobody can guess 256 bits. Text of
/// any other shape is no token, however it came into a database of rabbit.go: the id of a word that can be guessed would give it away.
/// </summary>
public static class ForeignTokenText
{
    private const int Length = 64;

    // Another hash than the one that is stored, so that neither says anything of the other.
    private const string Domain = "rabbit.go token id\n";

    /// <summary>True for text of this shape.</summary>
    public static bool IsOne([NotNullWhen(true)] string? text) =>
        text is { Length: Length } && !text.AsSpan().ContainsAnyExceptInRange('0', 'f') && !text.AsSpan().ContainsAnyInRange((char)('9' + 1), (char)('a' - 1));

    /// <summary>The id of such a token, in the shape of all ids.</summary>
    public static string IdOf(string text) => CredentialText.IdFrom(SHA256.HashData(Encoding.ASCII.GetBytes(Domain + text)));
}
