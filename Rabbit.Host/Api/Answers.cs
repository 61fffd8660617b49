namespace Rabbit.Host.Api;

/// <summary>A successful answer with data, in the shape that rabbit.go's callers know.</summary>
internal sealed record Answer<T>(bool Success, string Message, T Data)
{
    public Answer(string message, T data)
        : this(true, message, data)
    {
    }
}

/// <summary>A successful answer without data.</summary>
internal sealed record Done(bool Success, string Message);
