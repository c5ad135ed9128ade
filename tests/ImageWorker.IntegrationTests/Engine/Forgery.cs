using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Workers;
using ImageWorker.Requests;
using ImageWorker.Saga;
using ImageWorker.Zpk;
using MassTransit;
using MassTransit.Serialization;

namespace ImageWorker.IntegrationTests.Engine;

/// <summary>
/// What only the worker's own parts say to each other, made up by a stranger: for a submission of somebody else's request,
/// and true to form in all that the stranger can know of it.
/// </summary>
internal sealed class Forgery(GenerateImages victim, string submissionId, int version, DateTimeOffset leaseUntil)
{
    private readonly Dictionary<Type, object?> _samples = new()
    {
        [typeof(Guid)] = victim.RequestId,
        [typeof(string)] = submissionId,
        [typeof(int)] = version,
        [typeof(bool)] = false,
        [typeof(DateTimeOffset)] = DateTimeOffset.UnixEpoch,
        [typeof(DateTimeOffset?)] = DateTimeOffset.UnixEpoch,
        [typeof(GenerateImages)] = victim,
        [typeof(CancelImages)] = new CancelImages { RequestId = victim.RequestId },
        [typeof(Arrival)] = new Arrival(Guid.NewGuid(), "generate-images", new("rabbitmq://localhost/")),
        [typeof(IReadOnlyList<ZpkError>)] = new[] { new ZpkError("FORGED", "made up", null) },
        [typeof(ZpkAnswer)] = new ZpkAnswer(
            submissionId,
            [
                new()
                {
                    Num = 0,
                    Status = GenerationStatus.Generated,
                    ImageUrl = "https://forged.example/0.png",
                    Cost = 0,
                },
            ],
            0
        ),
        [typeof(LedgerNote)] = new LedgerNote(submissionId, leaseUntil, LedgerState.Accepted)
        {
            ProviderId = submissionId,
            Cost = 0,
        },
        [typeof(CallTrace)] = null,
    };

    /// <summary>All that the saga takes, and all that it asks for.</summary>
    public static IReadOnlyList<Type> Types { get; } =
    [
        .. typeof(RequestStateMachine)
            .GetProperties()
            .Select(property => property.PropertyType)
            .Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Event<>))
            .Select(type => type.GetGenericArguments()[0]),
        .. typeof(IZpkCall)
            .Assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IZpkCall))),
    ];

    /// <summary>As MassTransit itself would send it.</summary>
    public Envelope Of(Type type)
    {
        var constructor = type.GetConstructors().Single();
        var message = constructor.Invoke([
            .. constructor.GetParameters().Select(parameter => Sample(parameter.ParameterType)),
        ]);
        foreach (var property in type.GetProperties().Where(property => property.PropertyType == typeof(LedgerNote)))
        {
            property.SetValue(message, Sample(property.PropertyType));
        }

        return new(
            MessageTypeCache.GetMessageTypeNames(type),
            JsonSerializer.SerializeToElement(message, type, SystemTextJsonMessageSerializer.Options)
        );
    }

    private object? Sample(Type type) =>
        _samples.TryGetValue(type, out var sample)
            ? sample
            : throw new InvalidOperationException($"{nameof(Forgery)} has no sample of {type}: give it one.");
}
