using ImageWorker.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace ImageWorker.Tests.Storage;

public sealed class StepRetriesTests
{
    private readonly StepRetries _retries = new(NullLogger<StepRetries>.Instance);

    [Theory]
    [InlineData("28P01", "a changed password")]
    [InlineData("28000", "a role that may not log in")]
    [InlineData("25006", "a read-only standby")]
    [InlineData("42501", "a privilege that is missing")]
    [InlineData("3D000", "a database that is being restored")]
    [InlineData("57014", "a statement that was cancelled")]
    [InlineData("57P01", "an administrator's shutdown")]
    [InlineData("57P03", "a server that is starting")]
    [InlineData("53100", "a full disk")]
    [InlineData("53300", "too many connections")]
    [InlineData("40P01", "a deadlock")]
    [InlineData("55P03", "a lock that another transaction holds")]
    [InlineData("26000", "a session that a pooler gave to another client")]
    [InlineData("08P01", "a pooler that lost its server")]
    public async Task What_is_the_databases_trouble_is_waited_out(string state, string trouble)
    {
        Assert.Equal(2, await TriesAfterAsync(new PostgresException(trouble, "FATAL", "FATAL", state)));
        Assert.Equal(
            2,
            await TriesAfterAsync(new DbUpdateException("", new PostgresException(trouble, "", "", state)))
        );
    }

    [Theory]
    [InlineData("22021", "an invalid byte")]
    [InlineData("22P02", "an invalid number")]
    [InlineData("22001", "a text that is too long")]
    [InlineData("23502", "a null that may not be")]
    [InlineData("23505", "a key that is there already, where that is no race")]
    [InlineData("42601", "a statement that is wrong")]
    public async Task What_is_the_messages_own_fault_fails_at_once(string state, string fault) =>
        await Assert.ThrowsAsync<PostgresException>(() =>
            TriesAfterAsync(new PostgresException(fault, "ERROR", "ERROR", state))
        );

    [Fact]
    public async Task A_lock_that_lasts_is_waited_out_only_by_what_nothing_else_repeats()
    {
        var (brief, lasting) = (new RequestLockedException(isLong: false), new RequestLockedException(isLong: true));

        Assert.Equal(2, await TriesAfterAsync(brief, waitsForLocks: false));
        Assert.Equal(2, await TriesAfterAsync(lasting, waitsForLocks: true));
        await Assert.ThrowsAsync<RequestLockedException>(() => TriesAfterAsync(lasting, waitsForLocks: false));
    }

    private async Task<int> TriesAfterAsync(Exception failure, bool waitsForLocks = true)
    {
        var tries = 0;
        return await _retries.ExecuteAsync(
            waitsForLocks,
            _ => ++tries == 1 ? throw failure : Task.FromResult(tries),
            TestContext.Current.CancellationToken
        );
    }
}
