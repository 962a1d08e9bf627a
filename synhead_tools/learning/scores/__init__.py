"""What estimators score, with the protocol that decides the figures."""
