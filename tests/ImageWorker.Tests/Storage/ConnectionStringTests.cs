using ImageWorker.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace ImageWorker.Tests.Storage;

public sealed class ConnectionStringTests
{
    [Fact]
    public void By_default_statements_stay_prepared_and_sessions_begin_with_their_options()
    {
        var tuned = Tune("");

        Assert.Equal((50, true), (tuned.MaxAutoPrepare, tuned.NoResetOnClose));
        Assert.Equal(
            "-c enable_seqscan=off -c jit=off -c idle_in_transaction_session_timeout=10s -c lock_timeout=1s",
            tuned.Options
        );
    }

    [Theory]
    [InlineData(";Max Auto Prepare=0;No Reset On Close=false", 0, false, null)]
    [InlineData(";MaxAutoPrepare=0", 0, true, null)]
    [InlineData(";Max Auto Prepare=0;Options=-c jit=on", 0, true, "-c jit=on")]
    public void What_the_connection_string_says_holds(string settings, int prepared, bool noReset, string? options)
    {
        var tuned = Tune(settings);

        Assert.Equal((prepared, noReset, options), (tuned.MaxAutoPrepare, tuned.NoResetOnClose, tuned.Options));
    }

    [Theory]
    [InlineData("", GssEncryptionMode.Disable)]
    [InlineData(";GSS Encryption Mode=Prefer", GssEncryptionMode.Prefer)]
    public void Kerberos_encrypts_only_where_the_connection_string_says_so(string settings, GssEncryptionMode mode) =>
        Assert.Equal(mode, Tune(settings).GssEncryptionMode);

    [Fact]
    public void Options_of_the_connection_string_come_last_and_so_hold() =>
        Assert.EndsWith(
            " -c lock_timeout=1s -c lock_timeout=5s",
            Tune(";Options=-c lock_timeout=5s").Options,
            StringComparison.Ordinal
        );

    /// <summary>What connections are opened with; none is.</summary>
    private static NpgsqlConnectionStringBuilder Tune(string settings)
    {
        var services = new ServiceCollection();
        services.AddStorage($"Host=x;Database=y{settings}", sqliteFile: "");
        using var provider = services.BuildServiceProvider();
        using var scope = provider.CreateScope();
        return new(scope.ServiceProvider.GetRequiredService<WorkerContext>().Database.GetConnectionString());
    }
}
