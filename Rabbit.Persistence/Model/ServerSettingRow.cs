namespace Rabbit.Persistence.Model;

internal sealed class ServerSettingRow
{
    public required string Key { get; set; }

    public required string Value { get; set; }
}
