package dev.holdfast.spring.boot.starter.server;

import io.grpc.protobuf.services.HealthStatusManager;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * Takes the destroy method {@code enterTerminalState} from the health of the application: the
 * server has called it when it began to stop, and gRPC logs a stack trace for the second call.
 */
final class HealthDestroyMethod implements BeanFactoryPostProcessor {
  private static final String TERMINAL = "enterTerminalState";

  @Override
  public void postProcessBeanFactory(ConfigurableListableBeanFactory beans) {
    for (String name : beans.getBeanNamesForType(HealthStatusManager.class, true, false)) {
      if (beans.containsBeanDefinition(name)) {
        BeanDefinition health = beans.getBeanDefinition(name);
        if (TERMINAL.equals(health.getDestroyMethodName())) {
          health.setDestroyMethodName("");
        }
      }
    }
  }
}
