using ImageWorker.Hosting;
using ImageWorker.Requests;

namespace ImageWorker.Saga;

/// <summary>Reads <see cref="TenantOptions"/>, as strictly as other options, though most of its keys are names.</summary>
public static class TenantSettings
{
    public static IServiceCollection AddTenants(this IServiceCollection services)
    {
        services.AddSingleton(new CheckedSection(TenantOptions.Section, typeof(TenantOptions)));
        services
            .AddOptions<TenantOptions>()
            .Configure<IConfiguration>(
                (options, configuration) =>
                    Read(
                        configuration.GetSection(TenantOptions.Section),
                        options,
                        configuration.GetValue<bool>($"{WebhookOptions.Section}:{nameof(WebhookOptions.AllowPrivate)}")
                    )
            )
            .ValidateOnStart();
        return services;
    }

    private static void Read(IConfigurationSection section, TenantOptions options, bool allowPrivate)
    {
        foreach (var key in section.GetChildren())
        {
            if (key.Key.Equals(nameof(options.Shared), StringComparison.OrdinalIgnoreCase))
                options.Shared = CheckedOptions.Read<bool>(key);
            else if (key.Key.Equals(nameof(options.Default), StringComparison.OrdinalIgnoreCase))
                options.Default = CheckedOptions.Read<TenantLimits>(key);
            else if (CommandRules.IsTenantName(key.Key))
                options.Named[key.Key] = ReadNamed(key, allowPrivate);
            else
                throw new ConfigurationException(
                    $"{CheckedOptions.Named(key.Path)} is no tenant's name: {CommandRules.TenantNames}"
                );
        }
    }

    /// <summary>Users that are left empty by mistake must not mean that everyone may name the tenant.</summary>
    private static NamedTenant ReadNamed(IConfigurationSection key, bool allowPrivate)
    {
        var tenant = CheckedOptions.Read<NamedTenant>(key);
        var users = key.GetSection(nameof(tenant.Users));
        CheckWebhook(tenant.Webhook, key.GetSection(nameof(tenant.Webhook)).Path, allowPrivate);
        return users.Exists() && (tenant.Users.Count == 0 || tenant.Users.Any(string.IsNullOrWhiteSpace))
            ? throw new ConfigurationException($"{CheckedOptions.Named(users.Path)} must name users of the broker")
            : tenant;
    }

    /// <summary>The secret is in no message.</summary>
    private static void CheckWebhook(TenantWebhook webhook, string path, bool allowPrivate)
    {
        if (webhook is { Url: null, Secret: null or "" })
            return;
        var url = CheckedOptions.Named($"{path}:{nameof(webhook.Url)}");
        if (
            webhook.Url is not { IsAbsoluteUri: true, UserInfo: "", Fragment: "" } address
            || !(address.Scheme == "https" || (address.Scheme == "http" && allowPrivate))
        )
            throw new ConfigurationException(
                $"{url} must be an https address without a user in it; http needs Webhooks:AllowPrivate"
            );
        if (webhook.Keys().Count == 0)
            throw new ConfigurationException(
                $"{CheckedOptions.Named($"{path}:{nameof(webhook.Secret)}")} must be whsec_ and 24 to 64 bytes in Base64, as 'echo whsec_$(openssl rand -base64 32)' prints"
            );
    }
}
