using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Management;
using Rabbit.Persistence.Model;
using Rabbit.Protocol.Credentials;

namespace Rabbit.Persistence.Import;

/// <summary>Decides what is taken of a database of rabbit.go, given what is in Rabbit's.</summary>
internal sealed class ImportPlan
{
    private const int LongestName = 100;
    private const int LongestDescription = 1000;

    private readonly RabbitGoState _found;
    private readonly DateTimeOffset _now;
    private readonly Dictionary<string, string> _teamNames;
    private readonly HashSet<string> _tokens;
    private readonly HashSet<string> _deleted;
    private readonly Dictionary<int, string?> _ports;

    private ImportPlan(
        RabbitGoState found, DateTimeOffset now, Dictionary<string, string> teamNames, HashSet<string> tokens, HashSet<string> deleted, Dictionary<int, string?> ports)
    {
        _found = found;
        _now = now;
        _teamNames = teamNames;
        _tokens = tokens;
        _deleted = deleted;
        _ports = ports;
    }

    /// <summary>Looks up what is in Rabbit's database.</summary>
    public static async Task<ImportPlan> ReadAsync(RabbitDbContext context, RabbitGoState found, DateTimeOffset now, CancellationToken cancellationToken)
    {
        DateTimeOffset rested = now - PortAllocator.Rest;
        await context.PortAssignments.Where(row => row.ReleasedAt <= rested).ExecuteDeleteAsync(cancellationToken);
        return new ImportPlan(
            found, now,
            await context.Teams.ToDictionaryAsync(team => team.Id, team => team.Name, cancellationToken),
            await context.Tokens.Select(token => token.Id).ToHashSetAsync(cancellationToken),
            await context.AuditLog.Where(row => row.Action == "token.delete" || row.Action == "team.delete").Select(row => row.Subject).ToHashSetAsync(cancellationToken),
            await context.PortAssignments.Where(row => row.Protocol == PortAssignmentRow.Tcp).ToDictionaryAsync(row => row.Port, row => row.TokenId, cancellationToken));
    }

    /// <summary>Adds the rows of what is taken to the context; says what becomes of everything.</summary>
    public ImportReport Apply(RabbitDbContext context, Actor actor, PortRange range)
    {
        Dictionary<string, RabbitGoTeam> teams = _found.Teams.ToDictionary(team => team.Id, StringComparer.Ordinal);
        var made = new List<string>();
        var tokens = new List<ImportedToken>();
        int outside = 0;
        // Where two claim a port, one that works goes before one that does not.
        foreach (RabbitGoToken token in _found.Tokens.OrderBy(token => !token.IsActive || token.ExpiresAt <= _now))
        {
            RabbitGoTeam? team = teams.GetValueOrDefault(token.TeamId);
            string teamId = IdOf(token.TeamId);
            string id = ForeignTokenText.IsOne(token.Text) ? ForeignTokenText.IdOf(token.Text) : "";
            if (_tokens.Contains(id))
            {
                tokens.Add(new ImportedToken(_teamNames.GetValueOrDefault(teamId, token.TeamId), token.Name, id, token.Port, token.ExpiresAt, ImportOutcome.Present, ""));
            }
            else if (WhyNot(token, id, team, teamId) is { } reason)
            {
                tokens.Add(new ImportedToken(team?.Name ?? token.TeamId, token.Name, token.Id, token.Port, token.ExpiresAt, ImportOutcome.Left, reason));
            }
            else
            {
                if (!_teamNames.ContainsKey(teamId))
                    made.Add(AddTeam(context, actor, team!, teamId));
                AddToken(context, actor, token, id, teamId);
                tokens.Add(new ImportedToken(_teamNames[teamId], token.Name, id, token.Port, token.ExpiresAt, ImportOutcome.Taken, ""));
                outside += range.Contains(token.Port!.Value) ? 0 : 1;
            }
        }
        return new ImportReport(made, tokens, outside);
    }

    private string? WhyNot(RabbitGoToken token, string id, RabbitGoTeam? team, string teamId) =>
        !token.IsActive ? "it was revoked"
        : team is null ? "its team is not there"
        : !team.IsActive ? "its team was deleted"
        : id.Length == 0 ? "it was not made by rabbit.go (64 hexadecimal digits), and may be guessed; make a new one"
        : _deleted.Contains(id) || _deleted.Contains(teamId) ? "it was deleted here since an earlier import"
        : token.Port is not { } port ? "it has no tcp port; make a new one"
        : port is < 1 or > 65535 ? $"{port} is no port"
        : !_ports.TryGetValue(port, out string? owner) ? null
        : owner is null ? $"port {port} rests for {PortAllocator.Rest.TotalHours:0} hours after its token was deleted here"
        : $"port {port} is another token's here ({owner}); delete that one if it is not used, and import again";

    private string AddTeam(RabbitDbContext context, Actor actor, RabbitGoTeam team, string id)
    {
        string name = Clean(team.Name, LongestName);
        if (name.Length == 0 || _teamNames.ContainsValue(name))
            name = $"{Clean(name, LongestName - id.Length - 3)} ({id})".TrimStart();
        _teamNames.Add(id, name);
        context.Teams.Add(new TeamRow { Id = id, Name = name, Description = Clean(team.Description, LongestDescription), CreatedAt = Stored(team.CreatedAt) ?? _now });
        context.AuditLog.Add(AuditLog.Row(actor, "team.import", id, $"name={name}", _now));
        return name;
    }

    private void AddToken(RabbitDbContext context, Actor actor, RabbitGoToken token, string id, string teamId)
    {
        int port = token.Port!.Value;
        string name = Clean(token.Name, LongestName);
        _tokens.Add(id);
        _ports.Add(port, id);
        context.Tokens.Add(new TokenRow
        {
            Id = id,
            TeamId = teamId,
            Name = name.Length > 0 ? name : id,
            Description = Clean(token.Description, LongestDescription),
            SecretHash = new TokenText(id, token.Text).HashSecret(),
            CreatedAt = Stored(token.CreatedAt) ?? _now,
            ExpiresAt = Stored(token.ExpiresAt),
            LastUsedAt = Stored(token.LastUsedAt),
        });
        context.PortAssignments.Add(new PortAssignmentRow { Port = port, TokenId = id, AssignedAt = _now });
        context.AuditLog.Add(AuditLog.Row(actor, "token.import", id, string.Create(CultureInfo.InvariantCulture, $"team={teamId} name={name} port={port}"), _now));
    }

    private static DateTimeOffset? Stored(DateTimeOffset? time) => time is { } at ? StoredTime.ToStored(at) : null;

    // Ids of teams are chosen by others; one that Rabbit could not look up gets another, the same at every import.
    private static string IdOf(string teamId) => teamId.Length is > 0 and <= 64 && NameRules.IsId(teamId)
        ? teamId
        : $"go-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(teamId)).AsSpan(0, 10))}";

    private static string Clean(string text, int longest)
    {
        string clean = NameRules.Replace(text, ' ').Trim();
        return clean.Length <= longest ? clean : clean[..(char.IsHighSurrogate(clean[longest - 1]) ? longest - 1 : longest)].TrimEnd();
    }
}
