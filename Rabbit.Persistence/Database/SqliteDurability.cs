using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Rabbit.Persistence.Database;

/// <summary>
/// Sets each connection to synchronous=NORMAL, which suits the write-ahead log that the file is in: a killed process loses nothing that was committed;
/// only a power failure can take the last transactions, and never the file's consistency (sqlite.org, "PRAGMA synchronous").
/// </summary>
internal sealed class SqliteDurability : DbConnectionInterceptor
{
    private const string Pragma = "PRAGMA synchronous=NORMAL;";

    /// <inheritdoc/>
    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = Pragma;
#pragma warning disable RS0030 // Who opens a connection synchronously waits already.
        command.ExecuteNonQuery();
#pragma warning restore RS0030
    }

    /// <inheritdoc/>
    public override async Task ConnectionOpenedAsync(
        DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = Pragma;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
