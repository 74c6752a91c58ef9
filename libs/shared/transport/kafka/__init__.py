"""The adapters of Apache Kafka; nothing else imports aiokafka."""
