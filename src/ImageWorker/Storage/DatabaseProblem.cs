using System.Data.Common;
using System.Net.Sockets;
using Npgsql;

namespace ImageWorker.Storage;

/// <summary>Why the database cannot be worked with.</summary>
/// <param name="Kind">In fixed words, for anybody.</param>
/// <param name="Text">For operators: it can name hosts, roles and tables.</param>
public sealed record DatabaseProblem(string Kind, string Text)
{
    public const string RefusesLogin = "refuses the login";
    public const string Unreachable = "cannot be reached";
    public const string SchemaMissing = "schema missing";
    public const string ReadOnly = "read-only";

    /// <summary>SQL's class of errors for a role that is unknown, may not log in, or has another password.</summary>
    private const string InvalidAuthorization = "28";

    /// <summary>The classes of errors of a server with which there can be no session: SQL's and PostgreSQL's own.</summary>
    private static readonly string[] NoSession = ["08", InvalidAuthorization, "3D", "53", "57"];

    public static DatabaseProblem Of(Exception exception)
    {
        var cause = exception.GetBaseException();
        var isLogin =
            cause is DbException { SqlState: { } state }
            && state.StartsWith(InvalidAuthorization, StringComparison.Ordinal);
        // PgBouncer's answer to the options of a session. By itself it tells nobody what to do.
        var advice =
            cause is PostgresException { SqlState: PostgresErrorCodes.ProtocolViolation }
            && cause.Message.Contains("startup parameter", StringComparison.Ordinal)
                ? " (through PgBouncer, the connection string needs 'Max Auto Prepare=0', see docs/operations.md)"
                : "";
        var verb =
            cause is Microsoft.Data.Sqlite.SqliteException
            || cause is DbException { SqlState: { } failed } && !NoSession.Contains(failed[..2], StringComparer.Ordinal)
                ? "fails"
                : "cannot be reached";
        return new(
            isLogin ? RefusesLogin : Unreachable,
            $"the database {verb}: {AddressOf(exception)}{cause.Message}{advice}"
        );
    }

    /// <summary>Npgsql's words, which name the address; those of what it met do not.</summary>
    private static string AddressOf(Exception exception)
    {
        for (var met = exception; met is not null; met = met.InnerException)
            if (met is NpgsqlException { InnerException: SocketException or TimeoutException })
                return $"{met.Message}: ";
        return "";
    }
}
