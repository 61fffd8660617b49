using System.Reflection;
using Rabbit.Tests.Support;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace Rabbit.Tests.Persistence;

/// <summary>Runs a theory on SQLite and on PostgreSQL.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OnBothDatabasesAttribute : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        ValueTask.FromResult<IReadOnlyCollection<ITheoryDataRow>>(
            [new TheoryDataRow<TestDatabaseKind>(TestDatabaseKind.Sqlite), new TheoryDataRow<TestDatabaseKind>(TestDatabaseKind.Postgres)]);

    public override bool SupportsDiscoveryEnumeration() => true;
}
