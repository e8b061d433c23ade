package dev.holdfast.spring.boot.starter.server;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.util.ClassUtils;
import org.springframework.util.StringUtils;

/**
 * The condition that the server of Spring Boot would listen on a TCP port of its own: neither on a
 * Unix domain socket nor in the servlet container.
 */
final class OnTcpServerCondition extends SpringBootCondition {
  private static final String SERVLET = "io.grpc.servlet.jakarta.GrpcServlet";
  private static final String WEB_CONTEXT =
      "org.springframework.web.context.ConfigurableWebApplicationContext";

  @Override
  public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata type) {
    ConditionMessage.Builder message = ConditionMessage.forCondition("TCP server of gRPC");
    Environment environment = context.getEnvironment();
    String transport = environment.getProperty("spring.grpc.server.netty.transport", "");
    boolean isTcp = transport.equalsIgnoreCase("tcp");
    boolean hasSocketPath =
        StringUtils.hasText(environment.getProperty("spring.grpc.server.netty.domain-socket-path"));
    if (!isTcp && (hasSocketPath || !transport.isEmpty())) {
      return ConditionOutcome.noMatch(message.because("a Unix domain socket is set"));
    }
    if (isInServlet(context, environment)) {
      return ConditionOutcome.noMatch(message.because("the servlet container serves gRPC"));
    }
    return ConditionOutcome.match();
  }

  private static boolean isInServlet(ConditionContext context, Environment environment) {
    ClassLoader loader = context.getClassLoader();
    return ClassUtils.isPresent(SERVLET, loader)
        && ClassUtils.isPresent(WEB_CONTEXT, loader)
        && environment.getProperty("spring.grpc.server.servlet.enabled", Boolean.class, true)
        && isWeb(context);
  }

  private static boolean isWeb(ConditionContext context) {
    return context.getEnvironment().getClass().getName().contains("Servlet")
        || context.getResourceLoader().getClass().getName().contains("WebServer");
  }
}
