using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Rabbit.Host.Alerts;

/// <summary>
/// Posts alerts, each signed for the moment of the attempt. It follows no redirects, since the operator named the receiver, and reads no
/// answer but its status.
/// </summary>
internal sealed class AlertSender : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly AlertSettings _settings;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    public AlertSender(AlertSettings settings, TimeProvider time)
    {
        _settings = settings;
        _time = time;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null, // Receivers are none of our traces' business.
            ConnectTimeout = Timeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), // The name is looked up again.
        };
        _http = new HttpClient(handler) { Timeout = Timeout };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("rabbit", "1"));
    }

    /// <summary>Tries once; null when the receiver has it (an answer of 2xx), else why not, without the address.</summary>
    public async Task<AlertFailure?> SendAsync(AlertTarget target, string id, string body, CancellationToken cancellationToken)
    {
        long timestamp = _time.GetUtcNow().ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, target.Address) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation("webhook-signature", AlertSignature.Of(id, timestamp, body, _settings.Secrets));
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.IsSuccessStatusCode)
                return null;
            // What is wrong with one alert need not be with the next.
            bool isOfThisAlone = (int)response.StatusCode is >= 400 and < 500 && response.StatusCode is not (HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests);
            return new AlertFailure($"it answers HTTP {(int)response.StatusCode}", isOfThisAlone);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new AlertFailure($"it has not answered for {Timeout.TotalSeconds:0} s", IsOfThisAlone: false);
        }
        catch (HttpRequestException e)
        {
            return new AlertFailure(e.GetBaseException().Message.ReplaceLineEndings(" ").TrimEnd('.'), IsOfThisAlone: false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}
