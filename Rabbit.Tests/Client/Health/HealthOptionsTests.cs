using Rabbit.Client.Commands;
using Rabbit.Client.Health;
using Xunit;

namespace Rabbit.Tests.Client.Health;

public sealed class HealthOptionsTests
{
    [Theory]
    [InlineData(null, "Declared", "/")]
    [InlineData("none", "None", "/")]
    [InlineData("tcp", "Tcp", "/")]
    [InlineData("http", "Http", "/")]
    [InlineData("http:/healthz?full=1", "Http", "/healthz?full=1")]
    [InlineData("postgres", "Postgres", "/")]
    [InlineData("mysql", "MySql", "/")]
    [InlineData("redis", "Redis", "/")]
    [InlineData("ssh", "Ssh", "/")]
    public void Read_Health_IsKindAndPath(string? text, string kind, string path)
    {
        HealthOptions options = HealthOptions.Read(text, null);
        Assert.Equal((kind, path), (options.Kind.ToString(), options.Path));
        Assert.Equal(TimeSpan.FromSeconds(30), options.Interval);
        Assert.Equal(TimeSpan.FromSeconds(5), options.Retry);
    }

    [Theory]
    [InlineData("")]
    [InlineData("TCP")]
    [InlineData("http:")]
    [InlineData("http:healthz")]
    [InlineData("http:/a b")]
    [InlineData("http:/a\r\nX: y")]
    [InlineData("tcp:/")]
    public void Read_HealthWrong_SaysSo(string text) =>
        Assert.Contains("--health", Assert.Throws<OptionException>(() => HealthOptions.Read(text, null)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("0.5", 0.5, 0.5)]
    [InlineData("60", 60, 5)]
    public void Read_Interval_IsSecondsAndBoundsTheRetry(string text, double interval, double retry)
    {
        HealthOptions options = HealthOptions.Read(null, text);
        Assert.Equal((interval, retry), (options.Interval.TotalSeconds, options.Retry.TotalSeconds));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("3601")]
    [InlineData("1e3")]
    [InlineData("NaN")]
    [InlineData("30s")]
    public void Read_IntervalWrong_SaysSo(string text) =>
        Assert.Contains("--health-interval", Assert.Throws<OptionException>(() => HealthOptions.Read(null, text)).Message, StringComparison.Ordinal);
}
