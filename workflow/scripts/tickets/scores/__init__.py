"""From predictions to scores, with what a bootstrap over examples gives."""
