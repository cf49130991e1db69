package org.springframework.beans.factory.config;

/** Stands in for Spring's interface while compiling LoopbackConnectors; the real one is inside S3Mock's jar. */
public interface BeanPostProcessor {
  default Object postProcessBeforeInitialization(Object bean, String name) {
    return bean;
  }

  default Object postProcessAfterInitialization(Object bean, String name) {
    return bean;
  }
}
