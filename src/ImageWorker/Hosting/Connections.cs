namespace ImageWorker.Hosting;

/// <summary>Where the worker keeps and gets its work: a broker and a database, or neither.</summary>
/// <param name="RabbitMq"><c>ConnectionStrings:RabbitMq</c>, an <c>amqp://</c> or <c>amqps://</c> address.</param>
/// <param name="Postgres"><c>ConnectionStrings:Postgres</c>, an Npgsql connection string.</param>
public sealed record Connections(string? RabbitMq, string? Postgres)
{
    public const string EmbeddedDatabase = "imageworker.db";

    /// <summary>True if everything is in this process: an in-memory transport over a SQLite file.</summary>
    public bool IsEmbedded => RabbitMq is null;

    /// <summary>Reads both, or neither.</summary>
    /// <exception cref="ConfigurationException">Just one of the two is set, or one cannot be read.</exception>
    public static Connections From(IConfiguration configuration)
    {
        var rabbitMq = Read(configuration, "RabbitMq");
        var postgres = Read(configuration, "Postgres");

        if (rabbitMq is null != postgres is null)
        {
            var (set, missing) = rabbitMq is null ? ("Postgres", "RabbitMq") : ("RabbitMq", "Postgres");
            throw new ConfigurationException(
                $"ConnectionStrings:{set} is set and ConnectionStrings:{missing} is not. "
                    + $"Set ConnectionStrings__{missing} too, or neither to run embedded."
            );
        }
        if (rabbitMq is not null)
            CheckRabbitMq(rabbitMq);
        if (postgres is not null)
            CheckPostgres(postgres);
        return new(rabbitMq, postgres);
    }

    /// <summary>True if neither is set: everything is in the file of this folder.</summary>
    public static bool AreMissing(IConfiguration configuration) =>
        Read(configuration, "RabbitMq") is null && Read(configuration, "Postgres") is null;

    /// <summary>
    /// Reads the database alone, for a program that needs no broker. Null if neither is set: the embedded file.
    /// </summary>
    /// <exception cref="ConfigurationException">Only the broker is set, or the database cannot be read.</exception>
    public static string? PostgresFrom(IConfiguration configuration)
    {
        var postgres = Read(configuration, "Postgres");
        if (postgres is not null)
            CheckPostgres(postgres);
        else if (Read(configuration, "RabbitMq") is not null)
            throw new ConfigurationException(
                "ConnectionStrings:Postgres (ConnectionStrings__Postgres) is required: Host=…;Database=…;Username=…;Password=…"
            );
        return postgres;
    }

    /// <summary>Reads the broker's address alone, for a program that only publishes.</summary>
    /// <exception cref="ConfigurationException">It is not set, or cannot be read.</exception>
    public static string RabbitMqFrom(IConfiguration configuration)
    {
        var rabbitMq =
            Read(configuration, "RabbitMq")
            ?? throw new ConfigurationException(
                "ConnectionStrings:RabbitMq (ConnectionStrings__RabbitMq) is required: amqp://user:password@host:5672/vhost"
            );
        CheckRabbitMq(rabbitMq);
        return rabbitMq;
    }

    /// <summary>Both servers, without users and passwords. A record by itself prints all its properties.</summary>
    public override string ToString()
    {
        if (RabbitMq is null || Postgres is null)
            return "embedded";
        var broker = new Uri(RabbitMq);
        var database = new Npgsql.NpgsqlConnectionStringBuilder(Postgres);
        return $"RabbitMQ {broker.Authority}{broker.AbsolutePath}, PostgreSQL {database.Host}:{database.Port}/{database.Database}";
    }

    private static string? Read(IConfiguration configuration, string name) =>
        configuration.GetConnectionString(name) is { Length: > 0 } value ? value : null;

    private static void CheckRabbitMq(string value)
    {
        if (!Uri.TryCreate(value, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps"))
            throw new ConfigurationException(
                "ConnectionStrings:RabbitMq must be amqp://user:password@host:5672/vhost, or amqps://…"
            );
    }

    private static void CheckPostgres(string value)
    {
        try
        {
            if (new Npgsql.NpgsqlConnectionStringBuilder(value).Host is { Length: > 0 })
                return;
        }
        catch (ArgumentException)
        {
            // Its message can hold the password.
        }
        throw new ConfigurationException(
            "ConnectionStrings:Postgres must be an Npgsql connection string such as Host=…;Database=…;Username=…;Password=…"
        );
    }
}

/// <summary>A mistake in the configuration: one line that names the key and says what to do.</summary>
public sealed class ConfigurationException(string message) : Exception(message);
