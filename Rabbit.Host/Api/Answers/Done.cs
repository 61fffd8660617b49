namespace Rabbit.Host.Api.Answers;

/// <summary>A successful answer without data.</summary>
/// <param name="Success">Always true.</param>
/// <param name="Message">What was done, for people.</param>
internal sealed record Done(bool Success, string Message)
{
    public Done(string message)
        : this(true, message)
    {
    }
}
