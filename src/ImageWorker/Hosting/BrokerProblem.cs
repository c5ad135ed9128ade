using System.Security.Authentication;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.Hosting;

/// <summary>Why the broker cannot be worked with.</summary>
/// <param name="Kind">In fixed words, for anybody.</param>
/// <param name="Text">For operators, with what to do. It can name hosts, users and queues.</param>
public sealed record BrokerProblem(string Kind, string Text)
{
    public const string Unreachable = "cannot be reached";
    public const string CertificateRefused = "certificate not accepted";
    public const string RefusesLogin = "broker refuses the login";
    public const string VirtualHostMissing = "virtual host missing";
    public const string RightMissing = "right missing";
    public const string QueueDeclaredOtherwise = "queue declared otherwise";
    public const string ExchangeDeclaredOtherwise = "exchange declared otherwise";
    public const string NotConsuming = "not consuming";

    /// <summary>What can keep the worker from its queues.</summary>
    public static IReadOnlyList<string> KindsOfWorker { get; } =
    [
        Unreachable,
        CertificateRefused,
        RefusesLogin,
        VirtualHostMissing,
        RightMissing,
        QueueDeclaredOtherwise,
        ExchangeDeclaredOtherwise,
        NotConsuming,
    ];

    /// <summary>What can keep the events of one exchange from it.</summary>
    public static IReadOnlyList<string> KindsOfExchange { get; } = [RightMissing, ExchangeDeclaredOtherwise];

    /// <summary>What a failure to connect, or to declare what the worker needs, comes from.</summary>
    public static BrokerProblem Of(Exception exception, string rabbitMq)
    {
        var factory = BrokerHost.Factory(rabbitMq);
        var broker = $"RabbitMQ at {factory.HostName}";
        var causes = CausesOf(exception).ToList();
        if (causes.Exists(cause => cause is AuthenticationFailureException))
            return new(
                RefusesLogin,
                $"{broker} refuses the login of user '{factory.UserName}'. Check the user and the password in ConnectionStrings:RabbitMq"
            );
        if (causes.OfType<AuthenticationException>().FirstOrDefault() is { } certificate)
            return new(CertificateRefused, $"{broker}: {certificate.Message}");

        var said = causes.OfType<OperationInterruptedException>().FirstOrDefault()?.ShutdownReason;
        var text = $"{broker}: {said?.ReplyText}";
        return said?.ReplyCode switch
        {
            Constants.NotAllowed when said.ReplyText.Contains("not found", StringComparison.Ordinal) => new(
                VirtualHostMissing,
                $"{broker} has no virtual host '{factory.VirtualHost}'. Create it, or correct ConnectionStrings:RabbitMq"
            ),
            Constants.NotAllowed or Constants.AccessRefused => new(
                RightMissing,
                $"{text}. Give the user the rights to configure, write and read there (rabbitmqctl set_permissions)"
            ),
            Constants.PreconditionFailed when said.ReplyText.Contains("for queue", StringComparison.Ordinal) => new(
                QueueDeclaredOtherwise,
                $"{text}. Set Queues:DeliveryLimit to what the queue has, or delete the queue once it is empty"
            ),
            Constants.PreconditionFailed => new(
                ExchangeDeclaredOtherwise,
                $"{text}. Delete the exchange, and the worker declares it anew; then bind its queues again"
            ),
            _ => new(
                Unreachable,
                $"{broker}:{factory.Endpoint.Port} cannot be reached: {said?.ReplyText ?? causes[^1].Message}"
            ),
        };
    }

    private static IEnumerable<Exception> CausesOf(Exception exception)
    {
        yield return exception;
        var inner = exception is AggregateException many ? many.InnerExceptions : [exception.InnerException!];
        foreach (var cause in inner.Where(cause => cause is not null).SelectMany(CausesOf))
            yield return cause;
    }
}
