using Microsoft.AspNetCore.Mvc;

namespace Rabbit.Host.Api.Answers;

/// <summary>Which part of a list is asked for.</summary>
internal sealed record PageQuery([FromQuery(Name = "cursor")] string? Cursor, [FromQuery(Name = "limit")] int? Limit)
{
    private const int DefaultLimit = 100;

    /// <summary>The most rows of the part; what is not valid is told by who reads the list.</summary>
    public int Most => Limit ?? DefaultLimit;
}
