namespace Rabbit.Host.Commands.Api;

/// <summary>
/// Gives an answer 30 s, its body included. What is no JSON comes for as long as it does; only its beginning has the limit.
/// </summary>
internal sealed class ApiDeadline : DelegatingHandler
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Limit);
        HttpResponseMessage? response = null;
        try
        {
            response = await base.SendAsync(request, deadline.Token);
            if (response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true)
                await response.Content.LoadIntoBufferAsync(deadline.Token);
            return response;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            response?.Dispose();
            throw new TimeoutException("The time for an answer is over.", e);
        }
        catch
        {
            response?.Dispose();
            throw;
        }
    }
}
