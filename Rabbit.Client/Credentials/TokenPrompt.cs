using System.Text;
using Rabbit.Client.Commands;

namespace Rabbit.Client.Credentials;

/// <summary>Asks for a token at the terminal, without showing it.</summary>
internal static class TokenPrompt
{
    /// <exception cref="OptionException">There is nobody to ask.</exception>
    public static string Ask()
    {
        if (Console.IsInputRedirected)
            throw new OptionException("token", $"Give the token by --token-file or in the variable {TokenSource.Variable}, or keep it with 'tunnel-client login'.");
        Console.Error.Write("Token: ");
        var typed = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
                typed.Length = Math.Max(0, typed.Length - 1);
            else
                typed.Append(key.KeyChar);
        }
        Console.Error.WriteLine();
        return typed.ToString();
    }
}
