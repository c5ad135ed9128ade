using System.Reflection;
using ImageWorker.Hosting;
using ImageWorker.Zpk;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry.Exporter;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Instrumentation.Http;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ImageWorker.Telemetry;

/// <summary>OpenTelemetry: metrics at <c>/metrics</c> always; everything by OTLP too if an endpoint is set.</summary>
public static class TelemetryRegistration
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static void AddWorkerTelemetry(this IServiceCollection services)
    {
        services.AddChecked<TelemetryOptions>(TelemetryOptions.Section);
        services.AddSingleton<OpenWork>();
        services.AddSingleton<WorkerMetrics>();
    }

    /// <summary>Collects this process's metrics, traces and logs, and exports them.</summary>
    /// <exception cref="ConfigurationException">The endpoint is no address.</exception>
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var settings = builder.Configuration;
        var (metrics, traces, logs) = (Exporter("METRICS"), Exporter("TRACES"), Exporter("LOGS"));
        var telemetry = builder
            .Services.AddOpenTelemetry()
            .ConfigureResource(Describe)
            .WithMetrics(provider =>
            {
                Measure(provider);
                // They name traces that can be found; without a setting of OpenTelemetry's own they would be off.
                if (traces is not null && settings["OTEL_METRICS_EXEMPLAR_FILTER"] is null or "")
                    provider.SetExemplarFilter(ExemplarFilterType.TraceBased);
                if (metrics is not null)
                    provider.AddOtlpExporter(metrics);
            });

        // Log entries name their trace, wherever they and the traces go.
        if (traces is not null || logs is not null || IsJsonAskedFor(settings))
            telemetry.WithTracing(provider =>
            {
                Trace(provider);
                if (traces is not null)
                    provider.AddOtlpExporter(traces);
            });
        if (logs is not null)
            builder.Logging.AddOpenTelemetry(logging =>
            {
                logging.IncludeFormattedMessage = true;
                logging.AddOtlpExporter(logs);
            });

        Action<OtlpExporterOptions>? Exporter(string signal) =>
            AddressIn(settings, Endpoint) is not null && IsForOtlp(settings[$"OTEL_{signal}_EXPORTER"])
                ? Direct(settings, signal)
                : null;
    }

    /// <summary>What is read last wins: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES.</summary>
    private static void Describe(ResourceBuilder resource) =>
        resource
            .Clear()
            .AddService("imageworker", serviceVersion: Version)
            .AddTelemetrySdk()
            .AddEnvironmentVariableDetector();

    /// <summary>This program's version, without the commit.</summary>
    public static string? Version =>
        typeof(TelemetryRegistration)
            .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion.Split('+')[0];

    private static void Measure(MeterProviderBuilder metrics) =>
        metrics
            .AddMeter(WorkerMetrics.MeterName, ZpkImagesClient.MeterName, "MassTransit", "Npgsql", "System.Runtime")
            .AddHttpClientInstrumentation()
            .AddAspNetCoreInstrumentation()
            .AddPrometheusExporter();

    private static void Trace(TracerProviderBuilder tracing) =>
        tracing
            // MassTransit's and RabbitMQ's own spans would repeat ours.
            .AddSource(RequestTracing.SourceName, "Npgsql")
            // Addresses are recorded without the values of their queries. Credentials travel in bodies.
            .AddHttpClientInstrumentation(Trace)
            .AddAspNetCoreInstrumentation(Trace);

    /// <summary>The path of a call to the API has no variable part, so it is its own template.</summary>
    private static void Trace(HttpClientTraceInstrumentationOptions http) =>
        http.EnrichWithHttpRequestMessage = (span, request) =>
        {
            if (!request.Options.TryGetValue(ZpkImagesClient.IsPaid, out var isPaid))
                return;
            var path = request.RequestUri!.AbsolutePath;
            span.DisplayName = $"{request.Method} {path}";
            span.SetTag("url.template", path).SetTag("imageworker.paid", isPaid);
        };

    private static void Trace(AspNetCoreTraceInstrumentationOptions http)
    {
        http.Filter = context =>
            !context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal)
            && !context.Request.Path.StartsWithSegments("/metrics", StringComparison.Ordinal);
        // A callback's path holds its token.
        http.EnrichWithHttpResponse = (span, response) =>
        {
            if (response.HttpContext.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } route })
                span.SetTag("url.path", route);
        };
    }

    /// <summary>Reads the settings of one signal. By itself the exporter reads only those of all signals.</summary>
    private static Action<OtlpExporterOptions> Direct(ConfigurationManager settings, string signal)
    {
        var address = AddressIn(settings, $"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT");
        var headers = settings[$"OTEL_EXPORTER_OTLP_{signal}_HEADERS"];
        return otlp =>
        {
            if (address is not null)
                otlp.Endpoint = address;
            if (!string.IsNullOrEmpty(headers))
                otlp.Headers = headers;
        };
    }

    private static Uri? AddressIn(ConfigurationManager settings, string key)
    {
        if (settings[key] is not { Length: > 0 } address)
            return null;
        return Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https")
            ? uri
            : throw new ConfigurationException($"{key} must be an address such as http://127.0.0.1:4317");
    }

    /// <summary>OpenTelemetry's rule: a list of exporters. OTLP unless it names another, such as <c>none</c>.</summary>
    private static bool IsForOtlp(string? exporters) =>
        string.IsNullOrWhiteSpace(exporters) || exporters.Contains("otlp", StringComparison.OrdinalIgnoreCase);

    private static bool IsJsonAskedFor(ConfigurationManager configuration) =>
        configuration["Logging:Console:FormatterName"] is ConsoleFormatterNames.Json;
}
