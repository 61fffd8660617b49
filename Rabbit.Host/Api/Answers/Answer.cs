namespace Rabbit.Host.Api.Answers;

/// <summary>A successful answer with data, in the shape that rabbit.go's callers know.</summary>
/// <param name="Success">Always true.</param>
/// <param name="Message">What was done or found, for people.</param>
/// <param name="Data">What was made or found.</param>
internal sealed record Answer<T>(bool Success, string Message, T Data)
{
    public Answer(string message, T data)
        : this(true, message, data)
    {
    }
}
