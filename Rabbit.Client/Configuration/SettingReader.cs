using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Rabbit.Client.Configuration;

/// <summary>
/// Reads JSON with comments and trailing commas into values that know their line. Members that come twice are faults: of two settings nobody
/// knows which is meant.
/// </summary>
internal sealed class SettingReader
{
    private static readonly JsonReaderOptions Options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = 16 };

    private readonly byte[] _text;
    private readonly List<SettingFault> _faults;
    private int _line = 1;
    private int _counted;

    private SettingReader(byte[] text, List<SettingFault> faults) => (_text, _faults) = (text, faults);

    /// <summary>The whole file; null, and a fault, where it is no JSON.</summary>
    public static SettingNode? Read(byte[] text, List<SettingFault> faults)
    {
        if (text.AsSpan().StartsWith(Encoding.UTF8.Preamble))
            text = text[Encoding.UTF8.Preamble.Length..];
        try
        {
            var json = new Utf8JsonReader(text, Options);
            var reader = new SettingReader(text, faults);
            json.Read();
            SettingNode root = reader.ReadValue(ref json, "");
            json.Read(); // What comes behind it is a fault too.
            return root;
        }
        catch (JsonException e)
        {
            string reason = e.Message.Split(" LineNumber:")[0].TrimEnd('.');
            faults.Add(new SettingFault(
                (int)(e.LineNumber ?? 0) + 1, string.Create(CultureInfo.InvariantCulture, $"This is no JSON from column {(e.BytePositionInLine ?? 0) + 1} on: {reason}.")));
            return null;
        }
        catch (InvalidOperationException)
        {
            faults.Add(new SettingFault(1, "The file is not in UTF-8."));
            return null;
        }
    }

    private SettingNode ReadValue(ref Utf8JsonReader json, string path)
    {
        int line = LineOf(json);
        switch (json.TokenType)
        {
            case JsonTokenType.StartObject:
                return new SettingNode(path, line, JsonTokenType.StartObject, null, ReadMembers(ref json, path));
            case JsonTokenType.StartArray:
                json.Skip();
                return new SettingNode(path, line, JsonTokenType.StartArray, null, []);
            case JsonTokenType.String:
                return new SettingNode(path, line, JsonTokenType.String, json.GetString(), []);
            case JsonTokenType.Null:
                return new SettingNode(path, line, JsonTokenType.Null, null, []);
            default:
                return new SettingNode(path, line, json.TokenType, Encoding.UTF8.GetString(json.ValueSpan), []);
        }
    }

    private List<SettingMember> ReadMembers(ref Utf8JsonReader json, string path)
    {
        var members = new List<SettingMember>();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string key = json.GetString()!;
            int line = LineOf(json);
            string itsPath = path.Length == 0 ? key : $"{path}.{key}";
            json.Read();
            SettingNode value = ReadValue(ref json, itsPath);
            if (members.Find(member => member.Key == key) is { } first)
                _faults.Add(new SettingFault(line, string.Create(CultureInfo.InvariantCulture, $"{itsPath} is there already, in line {first.Line}; remove one of them.")));
            else
                members.Add(new SettingMember(key, line, value));
        }
        return members;
    }

    // Values come in the order of the file, so that each line break is counted once.
    private int LineOf(in Utf8JsonReader json)
    {
        int start = (int)json.TokenStartIndex;
        _line += _text.AsSpan(_counted, start - _counted).Count((byte)'\n');
        _counted = start;
        return _line;
    }
}
