package dev.holdfast.spring.boot.starter;

import static org.awaitility.Awaitility.await;

import dev.holdfast.core.RegistrationState;
import dev.holdfast.spring.boot.starter.server.ReadyServers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** Real applications of Spring Boot, as many as a test wants in its JVM. */
public final class Applications {
  private Applications() {}

  /** An application with a service. */
  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  public static class ServerApplication {
    @Bean
    EchoService echoService(Environment environment) {
      return new EchoService(environment.getProperty("test.name", "server"));
    }
  }

  /** An application without a service. */
  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  public static class ClientApplication {}

  /** The properties under {@code holdfast} as they are bound. */
  public static HoldfastProperties bound(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("holdfast", HoldfastProperties.class);
  }

  public static ConfigurableApplicationContext run(Class<?> type, Map<String, ?> properties) {
    return run(List.of(type), properties);
  }

  public static ConfigurableApplicationContext run(
      List<Class<?>> types, Map<String, ?> properties) {
    List<String> arguments = new ArrayList<>(List.of("--spring.main.banner-mode=off"));
    properties.forEach((key, value) -> arguments.add("--" + key + "=" + value));
    SpringApplication application =
        new SpringApplicationBuilder(types.toArray(Class<?>[]::new))
            .web(WebApplicationType.NONE)
            .registerShutdownHook(false)
            .build();
    return application.run(arguments.toArray(String[]::new));
  }

  /** An application whose server is in its registry, so that a client finds it from now on. */
  public static ConfigurableApplicationContext runRegistered(
      List<Class<?>> types, Map<String, ?> properties) {
    ConfigurableApplicationContext server = run(types, properties);
    ReadyServers servers = server.getBean(ReadyServers.class);
    await()
        .atMost(Duration.ofMinutes(2))
        .until(() -> servers.servers().get(0).registration().state() == RegistrationState.VISIBLE);
    return server;
  }
}
