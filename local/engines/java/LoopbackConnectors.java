package wikilake;

import org.springframework.beans.factory.config.BeanPostProcessor;

/**
 * Binds S3Mock's second HTTP connector to 127.0.0.1. S3Mock has no setting for it and would open it on every
 * interface; Spring hands over each bean here, the connector among them, before it is used.
 */
public final class LoopbackConnectors implements BeanPostProcessor {
  private static final String CONNECTOR = "org.apache.catalina.connector.Connector";

  @Override
  public Object postProcessBeforeInitialization(Object bean, String name) {
    if (!bean.getClass().getName().equals(CONNECTOR)) return bean;
    try {
      bean.getClass().getMethod("setProperty", String.class, String.class).invoke(bean, "address", "127.0.0.1");
    } catch (ReflectiveOperationException changed) {
      throw new IllegalStateException("Tomcat's connector cannot be bound to 127.0.0.1", changed);
    }
    return bean;
  }
}
