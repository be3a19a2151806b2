"""Task 1.1 as a student may write it: two copies of the point, one moved to the right and one to the left."""

# minitorch/autodiff.py


def central_difference(f, *vals, arg=0, epsilon=1e-6):
    right = list(vals)
    right[arg] = right[arg] + epsilon
    left = list(vals)
    left[arg] = left[arg] - epsilon
    return (f(*right) - f(*left)) / (2 * epsilon)
